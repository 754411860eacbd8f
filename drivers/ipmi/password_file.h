#pragma once
#include <filesystem>
#include <string_view>

namespace bm::drivers {

/// A password handed to a program: a file of mode 0600 in a folder of mode 0700, overwritten never, removed
/// at the end.
class PasswordFile {
public:
    /// Makes the folder and removes what a killed process left in it. Safe to repeat. @throws Error Internal
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
