/* SPDX-License-Identifier: Apache-2.0 */
/* cli/main.c - the program's entry; everything else is in cli.c and the commands. */
#include "cli/commands.h"

int main(int argc, char **argv)
{
    return mr_cli_main(argc, argv);
}
