# mr_embed(target folder pattern): makes each file of a folder available as
#   extern const char mr_embed_<name>[]; extern const size_t mr_embed_<name>_bytes;
# where <name> is the file's name with every character outside [a-z0-9] turned into '_'.
# The array ends with a NUL that the size does not count.
function(mr_embed target folder pattern)
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/${pattern})
    foreach(path ${files})
        get_filename_component(file ${path} NAME)
        string(TOLOWER ${file} name)
        string(REGEX REPLACE "[^a-z0-9]" "_" name ${name})
        set(output ${CMAKE_CURRENT_BINARY_DIR}/embed/${target}/${name}.c)
        add_custom_command(
            OUTPUT ${output}
            COMMAND ${CMAKE_COMMAND} -DINPUT=${path} -DOUTPUT=${output} -DNAME=${name}
                -P ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
            DEPENDS ${path} ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
            VERBATIM)
        target_sources(${target} PRIVATE ${output})
    endforeach()
endfunction()
