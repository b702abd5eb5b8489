# DuckDB is in no package of Debian: scripts/duckdb.sh (called by make deps) puts it into the cache.
# -DDUCKDB_ROOT=folder takes libduckdb.so and duckdb.h from elsewhere. The library is installed beside
# the program, in lib/millrace.
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
add_library(DuckDB SHARED IMPORTED)
set_target_properties(DuckDB PROPERTIES
    IMPORTED_LOCATION ${duckdb_folder}/libduckdb.so
    INTERFACE_INCLUDE_DIRECTORIES ${duckdb_folder})
install(FILES ${duckdb_folder}/libduckdb.so DESTINATION lib/millrace)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/millrace")
