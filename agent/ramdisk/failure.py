"""An error for the builder of the RAM disk, and the function that runs other programs."""
import subprocess


class Failure(Exception):
    pass


def run(argv, stdin=None, env=None, timeout=600):
    """Returns the output of a program as bytes. A failure shows the program's own message."""
    try:
        done = subprocess.run(argv, input=stdin, env=env, timeout=timeout, capture_output=True, check=False)
    except FileNotFoundError:
        raise Failure(f"{argv[0]} is not installed; see packages.apt") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{argv[0]} did not end within {timeout} s") from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def lines(path):
    """(number, words) of each line of a list file that is not empty; # starts a comment."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        if words:
            yield number, words
