#pragma once
#include "common/model/error.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bm::wire {

/// Parses @p text as an object. @throws Error InvalidInput that begins with @p what
nlohmann::json parseObject(std::string_view text, std::string_view what);

/// The members of an object, read with their path in errors: absent and null give the default, another type
/// and a number out of range are refused.
class JsonReader {
public:
    JsonReader(const nlohmann::json& object, std::string path);
    bool has(const char* name) const;
    std::string text(const char* name, std::string otherwise = {}) const;
    /// 0 to @p most.
    std::uint64_t number(const char* name, std::uint64_t otherwise = 0, std::uint64_t most = INT64_MAX) const;
    /// 0 to the largest number that T holds.
    template <std::integral T> T numberAs(const char* name, T otherwise = 0) const
    {
        return static_cast<T>(number(name, static_cast<std::uint64_t>(otherwise),
                                     static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
    }
    bool flag(const char* name, bool otherwise = false) const;
    /// The member, or null.
    const nlohmann::json& value(const char* name) const;
    /// An absent member reads as an empty object.
    JsonReader object(const char* name) const;
    /// Calls @p each with a reader per element of an array of objects.
    template <class Each> void list(const char* name, Each each) const
    {
        const nlohmann::json& values = value(name);
        if (values.is_null())
            return;
        if (!values.is_array())
            refuse(name, "a list");
        std::size_t index = 0;
        for (const nlohmann::json& element : values)
            each(JsonReader(element, path_ + "." + name + "[" + std::to_string(index++) + "]"));
    }

private:
    [[noreturn]] void refuse(const char* name, std::string_view expected) const;

    const nlohmann::json* object_;
    std::string path_;
};

} // namespace bm::wire
