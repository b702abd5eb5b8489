# What both gcc and clang must accept without a word.
set(MR_WARNINGS
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings
    -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wdouble-promotion -Wswitch-enum
)
option(MILLRACE_WERROR "Treat warnings as errors" ON)
if(MILLRACE_WERROR)
    list(APPEND MR_WARNINGS -Werror)
endif()
