#pragma once
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/log.h"

#include <filesystem>
#include <string>
#include <utility>

namespace bm::api {

/// What a small file says, read again when it has changed. A broken change is logged, and what was read
/// before stays; so it does while the file is gone, which it is for a moment when it is replaced.
/// Thread-safe.
template <class T> class WatchedFile {
public:
    using Parse = T (*)(const std::string& text, const std::string& file);
    WatchedFile(std::filesystem::path file, Parse parse) : file_(std::move(file)), parse_(parse) {}

    /// @throws Error NotFound, and what the parser throws
    void load() { take(std::filesystem::last_write_time(file_)); }
    bool exists() const
    {
        std::error_code failed;
        return std::filesystem::exists(file_, failed);
    }
    /// Calls @p look with what the file says now; under a lock: briefly.
    template <class Look> auto with(Look look)
    {
        refresh();
        auto handle = held_.lock();
        return look(std::as_const(handle->value));
    }

private:
    struct Held {
        T value{};
        std::filesystem::file_time_type changed{};
    };
    void take(std::filesystem::file_time_type changed)
    {
        T value = parse_(platform::readFile(file_), file_.string());
        auto handle = held_.lock();
        handle->value = std::move(value);
        handle->changed = changed;
    }
    void refresh()
    {
        std::error_code failed;
        const std::filesystem::file_time_type changed = std::filesystem::last_write_time(file_, failed);
        if (failed || changed == held_.lock()->changed)
            return;
        try {
            take(changed);
        } catch (const model::Error& error) {
            held_.lock()->changed = changed;
            platform::logError("auth", "{}; what was read before stays", error.message());
        }
    }

    std::filesystem::path file_;
    Parse parse_;
    platform::Guarded<Held> held_;
};

} // namespace bm::api
