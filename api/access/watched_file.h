#pragma once
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/log.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace bm::api {

/// The parsed content of a small file, read again after each change. An invalid change is logged and the
/// previous content remains valid. The same holds while the file is missing, as during its replacement.
/// Thread-safe.
template <class T> class WatchedFile {
public:
    using Parse = T (*)(const std::string& text, const std::string& file);
    WatchedFile(std::filesystem::path file, Parse parse) : file_(std::move(file)), parse_(parse) {}

    /// @throws Error NotFound, InvalidInput (other users reach the file), and the errors of the parser
    void load()
    {
        platform::requirePrivate(file_);
        store(std::filesystem::last_write_time(file_));
    }
    bool exists() const
    {
        std::error_code failed;
        return std::filesystem::exists(file_, failed);
    }
    /// Calls @p function with the current content, under a lock: keep it short.
    template <class Function> auto with(Function function)
    {
        refresh();
        auto handle = held_.lock();
        return function(std::as_const(handle->value));
    }

private:
    struct Held {
        T value{};
        std::filesystem::file_time_type changed{};
    };
    void store(std::filesystem::file_time_type changed)
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
            store(changed);
            if (const std::optional<std::string> exposure = platform::exposureOf(file_))
                platform::logError("auth", "{} holds a secret and {}: bmd will not start again with it",
                                   file_.string(), *exposure);
        } catch (const model::Error& error) {
            held_.lock()->changed = changed;
            platform::logError("auth", "{}; the previous content remains valid", error.message());
        }
    }

    std::filesystem::path file_;
    Parse parse_;
    platform::Guarded<Held> held_;
};

} // namespace bm::api
