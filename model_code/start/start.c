/*
 * The image's first program. It keeps the variables below, gives the fixed ones, and becomes Python, isolated.
 *
 * Whoever may start a container with an environment of their own (a processing job, a template) must not choose code by
 * it: LD_PRELOAD and LD_LIBRARY_PATH are followed before a program's first line, PYTHON* before Python's. So this is
 * linked statically (no loader looks at its environment), and Python gets -I: no PYTHON*, no current folder, no user's
 * packages. Our modules are found by a .pth file in the image's own venv.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ATOLL_PYTHON
#define ATOLL_PYTHON "/opt/venv/bin/python3"
#endif

/* What `python -m model_code.container --help` documents, and Spark's settings of the ETL. */
static const char *const KEPT[] = {
    "ATOLL_BIND_ADDRESS",
    "ATOLL_CALLER_HEADER",
    "ATOLL_CALLER_ROWS_PER_MINUTE",
    "ATOLL_JOIN_SECONDS",
    "ATOLL_LABEL_ONLY",
    "ATOLL_LABEL_THRESHOLD",
    "ATOLL_MANIFEST_SHA256",
    "ATOLL_MAX_MODEL_BYTES",
    "ATOLL_METRICS",
    "ATOLL_ML_ROOT",
    "ATOLL_MODEL_VERSION",
    "ATOLL_OUT_OF_DISTRIBUTION",
    "ATOLL_SCORE_DECIMALS",
    "OMP_NUM_THREADS",
    "SAGEMAKER_BIND_TO_PORT",
    "SAGEMAKER_MAX_PAYLOAD_IN_MB",
    "SAGEMAKER_MODEL_SERVER_WORKERS",
    "SPARK_DRIVER_MEMORY",
    "SPARK_EXECUTOR_MEMORY",
    "SPARK_MASTER",
};
enum { COUNT = sizeof KEPT / sizeof *KEPT, FIXED = 2 };

static char *kept(const char *name)
{
    extern char **environ;
    size_t length = strlen(name);
    for (char **each = environ; *each; each++)
        if (!strncmp(*each, name, length) && (*each)[length] == '=')
            return *each;
    return NULL;
}

int main(int count, char **given)
{
    static char path[] = "PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin", language[] = "LANG=C.UTF-8";
    char *environment[COUNT + FIXED + 1] = {path, language};
    size_t place = FIXED;
    for (size_t each = 0; each < COUNT; each++) {
        char *found = kept(KEPT[each]);
        if (found)
            environment[place++] = found;
    }
    static char python[] = "python3", isolated[] = "-IuB", module[] = "-m", name[] = "model_code.container";
    char **arguments = calloc((size_t)count + 4, sizeof *arguments);
    if (!arguments)
        return 1;
    char *first[] = {python, isolated, module, name};
    memcpy(arguments, first, sizeof first);
    if (count > 1)
        memcpy(arguments + 4, given + 1, ((size_t)count - 1) * sizeof *arguments);
    execve(ATOLL_PYTHON, arguments, environment);
    perror(ATOLL_PYTHON);
    return 1;
}
