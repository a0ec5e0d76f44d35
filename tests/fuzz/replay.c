// SPDX-License-Identifier: MIT
//
// In place of libFuzzer: gives a fuzz target each file of a folder, in the
// order of their names, and a few inputs that need no file. What a fuzzer
// has found once stays a test like that.

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1u << 20)

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count;

// At the very end of its memory, so that a sanitizer sees a read beyond it.
static void give(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);

    if (exact == NULL) {
        exit(1);
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    count++;
}

static int give_file(const char *folder, const char *name)
{
    static uint8_t data[INPUT_MAX];
    char path[4096];
    size_t size;
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    in = fopen(path, "rb");
    if (in == NULL) {
        perror(path);
        return 1;
    }
    size = fread(data, 1, sizeof(data), in);
    fclose(in);
    give(data, size);
    return 0;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    static const uint8_t same[64] = { 0 };
    int failed = 0;

    give(NULL, 0);
    give(same, 1);
    give(same, sizeof(same));
    for (int i = 1; i < argc; i++) {
        struct dirent **entries;
        int n = scandir(argv[i], &entries, visible, alphasort);

        if (n < 0) {
            perror(argv[i]);
            return 1;
        }
        for (int k = 0; k < n; k++) {
            failed |= give_file(argv[i], entries[k]->d_name);
            free(entries[k]);
        }
        free(entries);
    }
    printf("%u inputs\n", count);
    return failed;
}
