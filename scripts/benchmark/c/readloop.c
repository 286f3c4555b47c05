/* readloop FILE...: opens, asks for the size, reads and closes each file, and
   does nothing with what it reads. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	struct stat st;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);
		if (fd < 0 || fstat(fd, &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		while (read(fd, buffer, sizeof buffer) > 0)
			;
		close(fd);
	}
	return 0;
}
