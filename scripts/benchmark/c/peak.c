/* peak COMMAND ARG...: runs the command, and writes the most memory that it
   used, in KiB, as the last line of standard error. The kernel counts what a
   process had before it ran another program, so whoever starts the command has
   to be small. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage used;
	int status;
	pid_t pid;

	if (argc < 2)
		return 2;
	if ((pid = fork()) == 0) {
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0) {
		perror("peak");
		return 126;
	}
	fprintf(stderr, "\n%ld\n", used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
