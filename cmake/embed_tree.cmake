# mr_embed_tree(target path...): links files and folders below the project, as they lie there, into a target
# (src/eject/tree.h). Looked at on every build: what changes there needs no configuring.
function(mr_embed_tree target)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/embed/${target}_tree)
    set(outputs ${folder}/tree_bytes.S ${folder}/tree_files.c)
    add_custom_target(${target}_tree
        COMMAND ${PROJECT_SOURCE_DIR}/scripts/embed_tree.sh ${PROJECT_SOURCE_DIR} ${folder} ${ARGN}
        BYPRODUCTS ${outputs}
        VERBATIM)
    add_library(${target}_tree_bytes OBJECT ${folder}/tree_bytes.S)
    add_dependencies(${target}_tree_bytes ${target}_tree)
    target_sources(${target} PRIVATE ${folder}/tree_files.c $<TARGET_OBJECTS:${target}_tree_bytes>)
    add_dependencies(${target} ${target}_tree)
endfunction()
