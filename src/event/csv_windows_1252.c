/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_windows_1252.c - Windows-1252 to UTF-8: Latin-1, but for 32 bytes from 0x80 on. */
#include "event/csv_windows_1252.h"

enum { special_first = 0x80, special_last = 0x9F };

/* 0: undefined. */
static const uint16_t specials[special_last - special_first + 1] = {
    0x20AC, 0x0000, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x0000, 0x017D, 0x0000, 0x0000, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x0000, 0x017E, 0x0178,
};

static uint16_t code_point(uint8_t byte)
{
    return byte >= special_first && byte <= special_last ? specials[byte - special_first] : byte;
}

const char *mr_windows_1252_find_undefined(mr_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        uint8_t byte = (uint8_t)text.data[i];

        if (byte >= special_first && code_point(byte) == 0) {
            return text.data + i;
        }
    }
    return NULL;
}

size_t mr_windows_1252_decode(mr_text text, char *out)
{
    char *at = out;

    for (size_t i = 0; i < text.bytes; i++) {
        uint16_t point = code_point((uint8_t)text.data[i]);

        if (point < 0x80) {
            *at++ = (char)point;
        } else if (point < 0x800) {
            *at++ = (char)(0xC0 | point >> 6);
            *at++ = (char)(0x80 | (point & 0x3F));
        } else {
            *at++ = (char)(0xE0 | point >> 12);
            *at++ = (char)(0x80 | (point >> 6 & 0x3F));
            *at++ = (char)(0x80 | (point & 0x3F));
        }
    }
    return (size_t)(at - out);
}
