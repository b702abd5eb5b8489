#!/usr/bin/env bash
# Makes packages of a build by its own install rules: what they hold is what `make install` installs, and the
# two libraries that Debian 12 does not carry.
#
#   scripts/package.sh deb BUILD_FOLDER OUT_FOLDER       millrace_VERSION_ARCHITECTURE.deb
#   scripts/package.sh tarball BUILD_FOLDER OUT_FOLDER   millrace-VERSION-linux-ARCHITECTURE.tar.gz, with all
#                                                        libraries but the C library's
#
# The same build gives the same bytes: SOURCE_DATE_EPOCH, or the date of the last commit, is every file's.
# PACKAGE_LEVEL: how hard zstd tries, 1 to 19.
set -euo pipefail

readonly kind="${1:?usage: scripts/package.sh deb|tarball BUILD_FOLDER OUT_FOLDER}"
readonly build="${2:?a build folder}" out="${3:?a folder for what is made}"
cd "$(dirname "$0")/.."
readonly bundled='libyyjson\.so|libllhttp\.so' # not in Debian 12
readonly base='linux-vdso|ld-linux|lib(c|m|pthread|dl|rt|resolv)\.so' # of the C library: never bundled

fail() { printf 'package: %s\n' "$*" >&2; exit 1; }

version="$(sed -nE 's/^project\(millrace VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)"
[ -n "$version" ] || fail 'no version in CMakeLists.txt'
architecture="$(dpkg --print-architecture)"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
readonly version architecture
export SOURCE_DATE_EPOCH
[ -x "$build/millrace" ] || fail "$build has no program: scripts/build.sh release"
mkdir -p "$out"
stage="$(mktemp -d)"
readonly stage
trap 'rm -rf "$stage"' EXIT
chmod 755 "$stage"

install_files() { # PREFIX, as the program will see it
    DESTDIR="$stage" cmake --install "$build" --prefix "$1" --strip >/dev/null
}

libraries_of() { # FILE: the libraries that it is linked with, name and path
    ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }'
}

settle_times() { find "$stage" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

debian_depends() { # what dpkg knows of the libraries, but for those that travel with the program
    local work
    work="$(mktemp -d)"
    mkdir "$work/debian"
    printf 'Source: millrace\n' >"$work/debian/control"
    (cd "$work" && dpkg-shlibdeps -O --ignore-missing-info -l"$stage/usr/lib/millrace" "$stage/usr/bin/millrace" "$stage/usr/lib/millrace/libduckdb.so" 2>/dev/null) |
        sed -nE 's/^shlibs:Depends=//p' | tr ',' '\n' | sed 's/^ *//' | grep -vE '^lib(yyjson|llhttp)' | paste -sd, | sed 's/,/, /g'
    rm -rf "$work"
}

make_deb() {
    local unit depends size
    install_files /usr
    libraries_of "$build/millrace" | grep -E "^($bundled)" | while read -r name path; do
        install -D -m 644 "$path" "$stage/usr/lib/millrace/$name"
    done
    install -d "$stage/usr/lib/systemd/system" "$stage/usr/share/doc/millrace"
    for unit in deploy/systemd/*.service; do
        sed 's|/usr/local/bin/millrace|/usr/bin/millrace|' "$unit" >"$stage/usr/lib/systemd/system/${unit##*/}"
    done
    install -D -m 644 deploy/systemd/millrace.sysusers.conf "$stage/usr/lib/sysusers.d/millrace.conf"
    install -D -m 644 deploy/systemd/millrace.tmpfiles.conf "$stage/usr/lib/tmpfiles.d/millrace.conf"
    install -m 644 LICENSE "$stage/usr/share/doc/millrace/copyright"
    install -D -m 755 deploy/debian/postinst "$stage/DEBIAN/postinst"
    install -m 755 deploy/debian/prerm "$stage/DEBIAN/prerm"
    depends="$(debian_depends)"
    [ -n "$depends" ] || fail 'dpkg-shlibdeps (package dpkg-dev) found no libraries'
    size="$(du -sk --exclude=DEBIAN "$stage" | cut -f1)"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@INSTALLED_SIZE@/$size/" -e "s/@DEPENDS@/$depends/" \
        deploy/debian/control.in >"$stage/DEBIAN/control"
    settle_times
    dpkg-deb --root-owner-group -Zzstd -z"${PACKAGE_LEVEL:-15}" --build "$stage" "$out/millrace_${version}_$architecture.deb" >/dev/null
    printf '%s\n' "$out/millrace_${version}_$architecture.deb"
}

make_tarball() {
    local name
    name="millrace-$version-linux-$architecture"
    install_files "/$name"
    libraries_of "$build/millrace" | grep -vE "^($base)" | while read -r library path; do
        install -D -m 644 "$path" "$stage/$name/lib/millrace/$library"
    done
    install -m 644 LICENSE README.md "$stage/$name/"
    settle_times
    tar --directory "$stage" --sort=name --owner=0 --group=0 --numeric-owner --create "$name" |
        gzip -n >"$out/$name.tar.gz"
    printf '%s\n' "$out/$name.tar.gz"
}

case "$kind" in
    deb) make_deb ;;
    tarball) make_tarball ;;
    *) fail "deb or tarball, not '$kind'" ;;
esac
