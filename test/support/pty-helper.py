"""Runs a program in a pseudo terminal of its own, driven over pipes. Needs Python 3.8, nothing else.

Arguments: columns, rows, program, its arguments.
Standard input: one JSON object a line: {"write": base64}, {"resize": [columns, rows]}, {"modes": true}, {"hangup": true}.
Standard output: what the terminal shows, as it is.
Descriptor 3: one JSON object a line: {"pid": n}, {"modes": {...}}, {"exit": n} with 128 + signal.
"""

import base64, fcntl, json, os, pty, select, signal, struct, sys, termios


def main():
    columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    report = os.fdopen(3, "w", buffering=1)
    master, slave = pty.openpty()
    resize(master, columns, rows)
    pid = start(command, master, slave)
    report.write(json.dumps({"pid": pid}) + "\n")
    child = os.pidfd_open(pid)
    pending, commands_open = b"", True
    while True:
        sources = [master, child] + ([0] if commands_open else [])
        ready = select.select(sources, [], [])[0]
        if master in ready:
            show(master)
        if 0 in ready:
            received = os.read(0, 65536)
            commands_open = bool(received)
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                obey(json.loads(line), master, pid, report)
        if child in ready and master not in ready:
            report.write(json.dumps({"modes": modes(master)}) + "\n")
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            report.write(json.dumps({"exit": status if status >= 0 else 128 - status}) + "\n")
            return


def start(command, master, slave):
    pid = os.fork()
    if pid:
        return pid
    os.close(master)
    os.close(3)
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.close(slave)
    os.execvp(command[0], command)


def show(master):
    data = os.read(master, 65536)
    while data:
        data = data[os.write(1, data):]


def obey(order, master, pid, report):
    if "write" in order:
        data = base64.b64decode(order["write"])
        while data:
            data = data[os.write(master, data):]
    if "resize" in order:
        resize(master, *order["resize"])
    if "modes" in order:
        report.write(json.dumps({"modes": modes(master)}) + "\n")
    if "hangup" in order:
        os.kill(pid, signal.SIGHUP)


def resize(master, columns, rows):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def modes(master):
    local = termios.tcgetattr(master)[3]
    return {"echo": bool(local & termios.ECHO), "lines": bool(local & termios.ICANON), "signals": bool(local & termios.ISIG)}


main()
