"""One host of a simple chain: receives a file and passes it on. chain_link.py ADDRESS NEXT|- FILE"""
import socket
import sys

me, following, out = sys.argv[1:4]
listener = socket.create_server((me, 7000))
before, _ = listener.accept()
after = socket.create_connection((following, 7000)) if following != "-" else None
with open(out, "wb") as file:
    while piece := before.recv(1 << 18):
        if after:
            after.sendall(piece)
        file.write(piece)
if after:
    after.shutdown(socket.SHUT_WR)
    after.recv(1)
