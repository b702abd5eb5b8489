/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_names.c - first and last names, and which of them an id gets.
 *
 * Called by:  convert_stream.c and generate_shop.c; any thread, no state.
 * Invariant:  a name depends on the id alone, so the lists must never change their order or length:
 *             a customer's name would change with them.
 */
#include "cli/convert_names.h"

#include <string.h>

#include "base/status.h"

enum { names_each = 128 };

/* clang-format off */
static const char *const first_names[names_each] = {
    "Ada", "Adam", "Agnes", "Alan", "Alice", "Amir", "Amy", "Anders", "Anita", "Anton", "Arthur",
    "Astrid", "Barbara", "Ben", "Beth", "Bruno", "Carla", "Celia", "Clara", "Claude", "Daniel",
    "Daphne", "David", "Diana", "Dora", "Edgar", "Edith", "Elena", "Eli", "Emma", "Erik", "Esther",
    "Eva", "Felix", "Fiona", "Frank", "Freya", "George", "Greta", "Hanna", "Harriet", "Hassan",
    "Helen", "Henry", "Hugo", "Ida", "Ines", "Iris", "Isaac", "Ivan", "Jack", "Jane", "Jasper",
    "Joan", "Johan", "Judith", "Julia", "Karim", "Kate", "Laura", "Leo", "Lena", "Lewis", "Lily",
    "Louis", "Lucy", "Luna", "Malik", "Marco", "Maria", "Mark", "Martha", "Maya", "Mia", "Milo",
    "Mina", "Nadia", "Naomi", "Nina", "Noah", "Nora", "Oliver", "Omar", "Oscar", "Otto", "Paul",
    "Pearl", "Petra", "Philip", "Priya", "Quentin", "Rachel", "Ralph", "Ravi", "Rita", "Robert",
    "Rosa", "Ruth", "Samir", "Sara", "Sean", "Simon", "Sofia", "Stella", "Susan", "Tara", "Theo",
    "Thomas", "Tilda", "Tom", "Uma", "Una", "Vera", "Victor", "Viola", "Walter", "Wendy", "Will",
    "Xenia", "Yara", "Yusuf", "Zara", "Zoe", "Mabel", "Nils", "Ken", "Joy", "Ruby",
};

static const char *const last_names[names_each] = {
    "Abbott", "Archer", "Ashby", "Atwood", "Bailey", "Barlow", "Barnes", "Baxter", "Beckett",
    "Bell", "Bennet", "Birch", "Blake", "Bolton", "Booth", "Bowen", "Brandt", "Briggs", "Brooks",
    "Burton", "Byrne", "Calder", "Carver", "Chandler", "Clarke", "Cole", "Conway", "Cooper",
    "Craig", "Cross", "Dalton", "Darby", "Dawson", "Dean", "Doyle", "Drake", "Dunn", "Eaton",
    "Elder", "Ellis", "Emery", "Ewing", "Farrow", "Fenton", "Fisher", "Fletcher", "Flynn", "Ford",
    "Foster", "Fox", "Frost", "Gale", "Garner", "Gibbs", "Glover", "Grant", "Gray", "Greene",
    "Hale", "Hardy", "Harper", "Hart", "Hayes", "Heath", "Hill", "Holt", "Howard", "Hughes", "Hunt",
    "Irving", "Jarvis", "Jennings", "Keane", "Kemp", "Kendall", "Knight", "Lambert", "Lane",
    "Larkin", "Lowe", "Lynch", "Marsh", "Mason", "Mercer", "Miles", "Moss", "Munro", "Nash",
    "Neville", "Nolan", "Norris", "North", "Osborne", "Owen", "Page", "Parker", "Payne", "Perry",
    "Piper", "Porter", "Quinn", "Reed", "Rhodes", "Rivers", "Rowe", "Ryder", "Sawyer", "Sharp",
    "Shaw", "Slater", "Stone", "Swift", "Tate", "Thorne", "Tyler", "Underhill", "Vance", "Vaughn",
    "Wade", "Walsh", "Ward", "Webb", "Weston", "Wilde", "Winter", "Wood", "Wright", "Yates",
};
/* clang-format on */

size_t mr_convert_name(int64_t customer_id, char buffer[static mr_convert_name_bytes_max])
{
    /* splitmix64's finaliser: neighbouring ids get unlike names. */
    uint64_t mixed = (uint64_t)customer_id + UINT64_C(0x9E3779B97F4A7C15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    mixed ^= mixed >> 31;
    const char *first = first_names[mixed % names_each];
    const char *last = last_names[(mixed >> 32) % names_each];
    size_t first_bytes = strlen(first);
    size_t last_bytes = strlen(last);
    MR_ASSERT(first_bytes + last_bytes + 2 <= mr_convert_name_bytes_max);
    memcpy(buffer, first, first_bytes);
    buffer[first_bytes] = ' ';
    memcpy(buffer + first_bytes + 1, last, last_bytes + 1);
    return first_bytes + 1 + last_bytes;
}
