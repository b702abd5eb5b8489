# DuckDB is in no package of Debian: scripts/duckdb.sh (called by make deps) puts it into the cache.
# -DDUCKDB_ROOT=folder takes libduckdb.so and duckdb.h from elsewhere. No program is linked
# with the library: the first database that is opened loads it (src/olap/olap_library.c), and finds it
# by the program's RUNPATH: in that folder for a build, beside the program in lib/millrace once installed.
set(DUCKDB_ROOT "" CACHE PATH "Folder with libduckdb.so and duckdb.h; empty: the one that scripts/duckdb.sh made")
if(DUCKDB_ROOT STREQUAL "")
    execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/duckdb.sh --check
        OUTPUT_VARIABLE duckdb_folder OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE duckdb_result)
    if(NOT duckdb_result EQUAL 0)
        message(FATAL_ERROR "DuckDB is missing: run make deps")
    endif()
else()
    set(duckdb_folder ${DUCKDB_ROOT})
endif()
foreach(file libduckdb.so duckdb.h)
    if(NOT EXISTS ${duckdb_folder}/${file})
        message(FATAL_ERROR "DuckDB: there is no ${duckdb_folder}/${file}")
    endif()
endforeach()
add_library(DuckDB INTERFACE IMPORTED)
target_include_directories(DuckDB INTERFACE ${duckdb_folder})
if(MILLRACE_SANITIZER)
    # A sanitizer looks for what it stands in for (__cxa_throw) when the program starts: the C++ library
    # must be there by then, not come with DuckDB later.
    target_link_libraries(DuckDB INTERFACE "-Wl,--push-state,--no-as-needed,-lstdc++,--pop-state")
endif()
list(APPEND CMAKE_BUILD_RPATH ${duckdb_folder})
install(FILES ${duckdb_folder}/libduckdb.so DESTINATION lib/millrace)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/millrace")
