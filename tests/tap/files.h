// SPDX-License-Identifier: MIT
//
// Files that a test makes and removes.

#ifndef TESTS_TAP_FILES_H
#define TESTS_TAP_FILES_H

#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME 40

/// Makes a file with `text` in it (NULL: empty) and fills in its name.
static inline void file_make(char name[FILE_NAME], const char *text)
{
    int fd;

    snprintf(name, FILE_NAME, "/tmp/nif-test-XXXXXX");
    fd = mkstemp(name);
    assert_true(fd >= 0);
    if (text) {
        assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
    }
    close(fd);
}

#endif
