"""An ISO 9660 image by libarchive, which bm links anyway: no other program that makes one is among bm's packages."""
import ctypes

REGULAR = 0o100000


def write(path, files):
    """@p files: names in the image, and their bytes."""
    lib = ctypes.CDLL("libarchive.so.13")
    for name in ("archive_write_new", "archive_entry_new"):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.archive_write_data.restype = ctypes.c_ssize_t
    writer = ctypes.c_void_p(lib.archive_write_new())

    def check(result):
        lib.archive_error_string.restype = ctypes.c_char_p
        assert result >= 0, lib.archive_error_string(writer)
    check(lib.archive_write_set_format_iso9660(writer))
    check(lib.archive_write_add_filter_none(writer))
    check(lib.archive_write_open_filename(writer, str(path).encode()))
    for name, content in files.items():
        entry = ctypes.c_void_p(lib.archive_entry_new())
        lib.archive_entry_set_pathname(entry, name.encode())
        lib.archive_entry_set_filetype(entry, REGULAR)
        lib.archive_entry_set_perm(entry, 0o644)
        lib.archive_entry_set_size(entry, ctypes.c_int64(len(content)))
        check(lib.archive_write_header(writer, entry))
        check(lib.archive_write_data(writer, content, ctypes.c_size_t(len(content))))
        lib.archive_entry_free(entry)
    check(lib.archive_write_close(writer))
    lib.archive_write_free(writer)
