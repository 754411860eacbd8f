#include "db/engine/sqlite/volatile_file.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <fmt/format.h>

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

namespace bm::db::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "bm-db-";

fs::path parentFolder()
{
    const fs::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : fs::temp_directory_path();
}

/// True if @p name is "bm-db-<pid>-XXXXXX" of a process that has ended.
bool isLeftBehind(const std::string& name)
{
    if (!name.starts_with(kPrefix))
        return false;
    std::string_view rest = std::string_view(name).substr(kPrefix.size());
    const std::optional<pid_t> process = text::takeNumber<pid_t>(rest);
    return process && *process > 0 && rest.starts_with('-') && ::kill(*process, 0) != 0 && errno == ESRCH;
}

void sweep(const fs::path& parent)
{
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(parent, ignored))
        if (isLeftBehind(entry.path().filename().string()))
            fs::remove_all(entry.path(), ignored);
}

} // namespace

VolatileFile::VolatileFile()
{
    const fs::path parent = parentFolder();
    sweep(parent);
    std::string name = (parent / fmt::format("{}{}-XXXXXX", kPrefix, ::getpid())).string();
    if (::mkdtemp(name.data()) == nullptr) {
        const int cause = errno;
        throw model::Error(model::ErrorCode::Internal, fmt::format("cannot create a folder in {}: {}",
                                                                   parent.string(), std::strerror(cause)));
    }
    folder_ = name;
}

VolatileFile::~VolatileFile()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

} // namespace bm::db::sqlite
