// SPDX-License-Identifier: MIT
//
// Runs scripts through the plug-in: those that are named, or all of this
// folder, and some that are wrong and must be refused. So plug-in and scripts
// are tested where packetdrill is not: test_packetdrill [SCRIPT...]

#include "tests/packetdrill/runner.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static bool run_file(const char *path)
{
    static char text[32768];
    const char *name =
        strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    FILE *f = fopen(path, "r");
    char why[200] = "cannot be read";
    size_t len = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
    bool good;

    if (f != NULL) {
        fclose(f);
    }
    text[len] = '\0';
    good = len > 0 && runner_play(text, why, sizeof(why));
    printf("%s %s%s%s\n", good ? "ok  " : "FAIL", name, good ? "" : ": ",
        good ? "" : why);
    return good;
}

// ---------------------------------------------------- what must be refused

#define SERVER                                        \
    "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"   \
    "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n" \
    "+0 < S 0:0(0) win 8000 <mss 1000>\n"

#define OPEN                                   \
    SERVER "+0 > S. 0:0(0) ack 1 <mss 1460>\n" \
           "+0 < . 1:1(0) ack 1 win 8000\n"    \
           "+0 accept(3, ..., ...) = 4\n"

static const struct {
    const char *what;
    const char *script;
    const char *why; ///< a part of what is said
} wrong[] = {
    { "another acknowledgement", SERVER "+0 > S. 0:0(0) ack 2 <mss 1460>\n",
        "ack 1, not 2" },
    { "other flags", SERVER "+0 > S 0:0(0) <mss 1460>\n", "flags 12" },
    { "another option", SERVER "+0 > S. 0:0(0) ack 1 <mss 1461>\n",
        "other options" },
    { "no option", SERVER "+0 > S. 0:0(0) ack 1\n", "other options" },
    { "another moment", SERVER "+.01 > S. 0:0(0) ack 1 <mss 1460>\n",
        "packet at" },
    { "a packet that nobody sends", OPEN "+0 > . 1:1(0) ack 1\n", "silence" },
    { "another result", OPEN "+0 write(4, ..., 10) = 11\n", "10 (no error)" },
    { "another error",
        OPEN "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
             "+0 read(4, ..., 10) = -1 EPIPE (Broken pipe)\n",
        "not EPIPE" },
    { "a call that ends at another time",
        OPEN "+0...1 read(4, ..., 10) = 10\n"
             "+.5 < P. 1:11(10) ack 1 win 8000\n",
        "read at" },
    { "a call that does not end",
        OPEN "+0...1 read(4, ..., 10) = 10\n+2 close(3) = 0\n",
        "still blocks" },
    { "a word that is none", SERVER "+0 hop(3) = 0\n", "hop" },
    { "half a line", SERVER "+0 < P. 1:11\n", "not understood" },
};

static bool refuse_wrong(void)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char why[200] = "";
        bool passed = runner_play(wrong[i].script, why, sizeof(why));

        if (passed || strstr(why, wrong[i].why) == NULL) {
            printf("FAIL %s is not refused: %s\n", wrong[i].what, why);
            good = false;
        } else {
            printf("ok   %s is refused\n", wrong[i].what);
        }
    }
    return good;
}

int main(int argc, char **argv)
{
    glob_t all = { 0 };
    bool good = true;

    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            good = run_file(argv[i]) && good;
        }
        return good ? 0 : 1;
    }
    if (glob(SCRIPTS "/*.pkt", 0, NULL, &all) != 0) {
        printf("FAIL no script in " SCRIPTS "\n");
        return 1;
    }
    for (size_t i = 0; i < all.gl_pathc; i++) {
        good = run_file(all.gl_pathv[i]) && good;
    }
    globfree(&all);
    good = refuse_wrong() && good;
    return good ? 0 : 1;
}
