#include "cli/client/ssh_key.h"

#include "cli/client/operator_file.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/printable.h"
#include "common/text/ssh_keys.h"
#include "common/text/utf8.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestKeys = std::size_t{1} << 20U;
constexpr std::size_t kShownKey = 40;

/// Adds the keys of @p text, which stands in @p source.
void addKeys(const std::string& text, const std::string& source, std::vector<std::string>& keys)
{
    if (text.find("PRIVATE KEY") != std::string::npos)
        throw Error(ErrorCode::InvalidInput, source + " is a private key",
                    "give the public one: " + source + ".pub");
    constexpr const char* kForm = "one key a line, as in authorized_keys: ssh-ed25519 AAAA... me";
    const std::vector<std::string_view> lines = text::sshKeyLines(text);
    for (const std::string_view line : lines) {
        const std::string fault = text::isUtf8(line) ? text::sshKeyFault(line) : "it is not UTF-8";
        if (!fault.empty())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{} has a line that is no public ssh key: {}: {}", source,
                                    text::shortPrintable(line, kShownKey), fault),
                        kForm);
        if (std::ranges::find(keys, line) == keys.end())
            keys.emplace_back(line);
    }
    if (lines.empty())
        throw Error(ErrorCode::InvalidInput, source + " has no public ssh key", kForm);
}

std::vector<fs::path> publicKeysIn(const fs::path& folder)
{
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".pub")
            files.push_back(entry.path());
    std::ranges::sort(files);
    if (files.empty())
        throw Error(ErrorCode::NotFound, folder.string() + " has no file *.pub", "ls " + folder.string());
    return files;
}

} // namespace

std::vector<std::string> sshKeys(const std::string& given)
{
    std::vector<std::string> keys;
    std::error_code none;
    const fs::file_status found = fs::status(given, none);
    if (given != "-" && fs::is_directory(found))
        for (const fs::path& file : publicKeysIn(given))
            addKeys(platform::readFile(file, kLongestKeys), file.string(), keys);
    else if (!fs::exists(found) && text::isSshKey(given))
        addKeys(given, "the key", keys);
    else
        addKeys(readOperatorFile(given, kLongestKeys), given == "-" ? "standard input" : given, keys);
    return keys;
}

} // namespace bm::cli
