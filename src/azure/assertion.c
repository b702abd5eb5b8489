/* SPDX-License-Identifier: Apache-2.0 */
/* azure/assertion.c - JSON Web Tokens signed PS256 (RSASSA-PSS with SHA-256) by OpenSSL.
 *
 * Owns:       certificate and key while one assertion is made; the file is read anew each time, so
 *             that a certificate that was replaced is taken without a restart.
 * Invariants: (1) the key leaves OpenSSL's memory never; (2) the password is asked for by no
 *             terminal.
 */
#include "azure/assertion.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/secret.h"

enum { lifetime_s = 600, id_bytes = 16, rsa_bits_min = 2048, claims_bytes_max = 4096 };

void mr_base64url_append(mr_buffer *out, const void *data, size_t bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *from = data;

    for (size_t i = 0; i < bytes; i += 3) {
        size_t count = bytes - i < 3 ? bytes - i : 3;
        uint32_t group = (uint32_t)from[i] << 16 | (count > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                         (count > 2 ? from[i + 2] : 0);
        char text[4] = {letters[group >> 18], letters[group >> 12 & 63], letters[group >> 6 & 63],
                        letters[group & 63]};
        (void)mr_buffer_append(out, text, count + 1); /* past the cap it says so itself */
    }
}

/* --- The file --------------------------------------------------------------------------------- */

/* OpenSSL would ask the terminal. */
static int give_password(char *buffer, int size, int writing, void *ctx)
{
    const char *password = ctx;

    (void)writing;
    if (password == NULL || strlen(password) >= (size_t)size) {
        return -1;
    }
    memcpy(buffer, password, strlen(password));
    return (int)strlen(password);
}

typedef struct signer {
    X509 *certificate;
    EVP_PKEY *key;
} signer;

static void signer_free(signer *s)
{
    X509_free(s->certificate);
    EVP_PKEY_free(s->key);
}

static mr_status signer_read(const char *path, const char *password, signer *s, mr_err *err)
{
    BIO *file = BIO_new_file(path, "r");

    if (file == NULL) {
        ERR_clear_error();
        return mr_fail(err, MR_INVALID, "the certificate's file %s cannot be read", path);
    }
    char *given = password == NULL ? NULL : mr_copy_string(password);
    s->certificate = PEM_read_bio_X509(file, NULL, give_password, given);
    (void)BIO_seek(file, 0);
    s->key = PEM_read_bio_PrivateKey(file, NULL, give_password, given);
    BIO_free(file);
    mr_secret_wipe(given);
    ERR_clear_error();
    if (s->certificate == NULL || s->key == NULL) {
        return mr_fail(err, MR_INVALID, "%s holds no %s in PEM%s", path,
                       s->certificate == NULL ? "certificate" : "private key",
                       s->certificate != NULL ? " that the password given, if any, opens" : "");
    }
    if (EVP_PKEY_base_id(s->key) != EVP_PKEY_RSA || EVP_PKEY_bits(s->key) < rsa_bits_min) {
        return mr_fail(err, MR_INVALID, "the key in %s is not RSA of %d bits or more", path,
                       rsa_bits_min);
    }
    if (X509_check_private_key(s->certificate, s->key) != 1) {
        ERR_clear_error();
        return mr_fail(err, MR_INVALID, "certificate and key in %s do not belong together", path);
    }
    return MR_OK;
}

/* --- The token -------------------------------------------------------------------------------- */

static void append_header(const signer *s, mr_buffer *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_bytes = 0;
    mr_buffer json;

    MR_ASSERT(X509_digest(s->certificate, EVP_sha256(), digest, &digest_bytes) == 1);
    mr_buffer_init(&json, claims_bytes_max);
    (void)mr_buffer_append_string(&json, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"");
    mr_base64url_append(&json, digest, digest_bytes);
    (void)mr_buffer_append_string(&json, "\"}");
    mr_base64url_append(out, json.data, json.bytes);
    mr_buffer_free(&json);
}

static mr_status append_claims(const mr_assertion_claims *claims, mr_buffer *out, mr_err *err)
{
    uint8_t id[id_bytes];
    char id_text[2 * id_bytes + 1];
    const long long begins_s = claims->now_s;
    mr_buffer json;

    mr_random_secret(id, sizeof id);
    mr_hex_encode(id, sizeof id, id_text);
    mr_buffer_init(&json, claims_bytes_max);
    (void)mr_buffer_append_string(&json, "{\"aud\":");
    (void)mr_buffer_append_json_string(&json, mr_text_of(claims->audience));
    (void)mr_buffer_append_string(&json, ",\"iss\":");
    (void)mr_buffer_append_json_string(&json, mr_text_of(claims->client_id));
    (void)mr_buffer_append_string(&json, ",\"sub\":");
    (void)mr_buffer_append_json_string(&json, mr_text_of(claims->client_id));
    (void)mr_buffer_printf(&json, ",\"jti\":\"%s\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld}",
                           id_text, begins_s, begins_s, begins_s + lifetime_s);
    bool whole = !json.overflowed;
    mr_base64url_append(out, json.data, json.bytes);
    mr_buffer_free(&json);
    return whole ? MR_OK : mr_fail(err, MR_LIMIT, "tenant or client id is too long");
}

static mr_status append_signature(const signer *s, mr_buffer *out, mr_err *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL; /* ctx's own */
    size_t bytes = (size_t)EVP_PKEY_size(s->key);
    uint8_t *signature = mr_alloc(bytes);
    mr_text signed_text = mr_buffer_text(out);

    MR_ASSERT(ctx != NULL);
    bool done = EVP_DigestSignInit(ctx, &key_ctx, EVP_sha256(), NULL, s->key) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST) == 1 &&
                EVP_DigestSign(ctx, signature, &bytes, (const uint8_t *)signed_text.data,
                               signed_text.bytes) == 1;
    if (done) {
        (void)mr_buffer_append_string(out, ".");
        mr_base64url_append(out, signature, bytes);
    }
    EVP_MD_CTX_free(ctx);
    free(signature);
    ERR_clear_error();
    return done ? MR_OK : mr_fail(err, MR_INVALID, "the certificate's key signs nothing");
}

mr_status mr_assertion_write(const char *pem_file, const char *password,
                             const mr_assertion_claims *claims, mr_buffer *out, mr_err *err)
{
    signer s = {.key = NULL};
    mr_buffer jwt;
    mr_status st = signer_read(pem_file, password, &s, err);

    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    if (st == MR_OK) {
        append_header(&s, &jwt);
        (void)mr_buffer_append_string(&jwt, ".");
        st = append_claims(claims, &jwt, err);
    }
    if (st == MR_OK) {
        st = append_signature(&s, &jwt, err);
    }
    if (st == MR_OK && (jwt.overflowed || !mr_buffer_append_text(out, mr_buffer_text(&jwt)))) {
        st =
            mr_fail(err, MR_LIMIT, "the assertion is longer than %d bytes", mr_assertion_bytes_max);
    }
    mr_buffer_free(&jwt);
    signer_free(&s);
    return st;
}
