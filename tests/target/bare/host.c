// SPDX-License-Identifier: MIT
//
// Streams into memory and lines from streams, over picolibc's stdio.

#include "tests/target/bare/host.h"

#include <stdlib.h>

#define PAGE 64 // nothing is guarded: only keeps things aligned

// The first member is what stdio is given.
struct source {
    struct __file_close file;
    const unsigned char *at;
    const unsigned char *end;
};

struct memory {
    struct __file_close file;
    char **text;
    size_t *len;
    size_t cap;
};

static int put(char c, FILE *file)
{
    struct memory *memory = (struct memory *)(void *)file;

    if (*memory->len + 1 >= memory->cap) {
        size_t cap = memory->cap * 2;
        char *text = realloc(*memory->text, cap);

        if (text == NULL) {
            return EOF;
        }
        *memory->text = text;
        memory->cap = cap;
    }
    (*memory->text)[(*memory->len)++] = c;
    (*memory->text)[*memory->len] = '\0';
    return (unsigned char)c;
}

static int close_memory(FILE *file)
{
    free(file);
    return 0;
}

FILE *open_memstream(char **text, size_t *len)
{
    struct memory *memory = malloc(sizeof(*memory));

    if (memory == NULL) {
        return NULL;
    }
    *memory = (struct memory){
        .file =
            FDEV_SETUP_CLOSE(put, NULL, NULL, close_memory, _FDEV_SETUP_WRITE),
        .text = text,
        .len = len,
        .cap = 256,
    };
    *len = 0;
    *text = calloc(1, memory->cap);
    return &memory->file.file;
}

static int get(FILE *file)
{
    struct source *source = (struct source *)(void *)file;

    return source->at < source->end ? *source->at++ : _FDEV_EOF;
}

FILE *target_memopen(void *text, size_t len, const char *mode)
{
    struct source *source = mode[0] == 'r' ? malloc(sizeof(*source)) : NULL;

    if (source == NULL) {
        return NULL;
    }
    *source = (struct source){
        .file =
            FDEV_SETUP_CLOSE(NULL, get, NULL, close_memory, _FDEV_SETUP_READ),
        .at = text,
        .end = (const unsigned char *)text + len,
    };
    return &source->file.file;
}

ssize_t getline(char **line, size_t *cap, FILE *in)
{
    size_t len = 0;
    int c;

    while ((c = getc(in)) != EOF) {
        if (len + 2 > *cap) {
            *cap = *cap < 64 ? 128 : *cap * 2;
            *line = realloc(*line, *cap);
        }
        (*line)[len++] = (char)c;
        if (c == '\n') {
            break;
        }
    }
    if (len == 0) {
        return -1;
    }
    (*line)[len] = '\0';
    return (ssize_t)len;
}

long sysconf(int name)
{
    (void)name;
    return PAGE;
}
