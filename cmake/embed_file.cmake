file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}") # characters: a byte above 127 is negative
file(WRITE ${OUTPUT}
"#include <stddef.h>
extern const char mr_embed_${NAME}[];
extern const size_t mr_embed_${NAME}_bytes;
const char mr_embed_${NAME}[] = {${bytes}0};
const size_t mr_embed_${NAME}_bytes = ${size};
")
