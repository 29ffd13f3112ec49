/* The fastest omprog program there can be: confirms every line and does nothing.
 * The OK at start is libexec/collector's. */
#include <unistd.h>

int main(void)
{
    static char buffer[65536];
    ssize_t size;

    while ((size = read(0, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < size; at++)
            if (buffer[at] == '\n' && write(1, "OK\n", 3) != 3)
                return 1;
    return 0;
}
