file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT}
"#include <stddef.h>
extern const char mr_embed_${NAME}[];
extern const size_t mr_embed_${NAME}_bytes;
const char mr_embed_${NAME}[] = {${bytes}0};
const size_t mr_embed_${NAME}_bytes = ${size};
")
