#pragma once
#include <filesystem>
#include <string_view>

namespace bm::drivers {

/// A password in a file of mode 0600, in a folder of mode 0700, for a program to read. The destructor removes
/// the file.
class PasswordFile {
public:
    /// Creates the folder and removes files of killed processes. Safe to repeat. @throws Error Internal
    static void prepareFolder(const std::filesystem::path& runFolder);

    PasswordFile(const std::filesystem::path& runFolder,
                 std::string_view password); ///< @throws Error Internal
    ~PasswordFile();
    PasswordFile(const PasswordFile&) = delete;
    PasswordFile& operator=(const PasswordFile&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

} // namespace bm::drivers
