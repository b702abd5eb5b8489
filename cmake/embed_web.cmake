# mr_embed_web(target): links the pages that scripts/web.sh built (build/web/dist), or a placeholder
# where it has not, into a target. Looked at on every build: what changes there needs no configuring.
function(mr_embed_web target)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/embed/${target}_files)
    set(outputs ${folder}/web_bytes.S ${folder}/web_files.c)
    add_custom_target(${target}_files
        COMMAND ${PROJECT_SOURCE_DIR}/scripts/embed_web.sh ${PROJECT_SOURCE_DIR}/build/web/dist ${folder}
            ${PROJECT_SOURCE_DIR}/src/web/assets/placeholder
        BYPRODUCTS ${outputs}
        VERBATIM)
    add_library(${target}_bytes OBJECT ${folder}/web_bytes.S)
    add_dependencies(${target}_bytes ${target}_files)
    target_sources(${target} PRIVATE ${folder}/web_files.c $<TARGET_OBJECTS:${target}_bytes>)
    add_dependencies(${target} ${target}_files)
endfunction()
