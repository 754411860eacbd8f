#pragma once
#include "common/model/error.h"
#include "common/text/json_text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_reader.h"

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace bm::wire {

/// A struct's JSON form as a list of its members, in one place for both directions:
///
///     struct Disk {
///         std::string name;
///         std::optional<double> seconds{};
///         static constexpr auto fields() { return std::tuple(field("name", &Disk::name), ...); }
///     };
///     std::string text = toJson(disk).text;
///     Disk disk = fromJson<Disk>(text, "disk");
///
/// Members are std::string, bool, std::uint64_t, double, JsonText, structs with fields(), and std::optional
/// and std::vector of these. Reading: an absent or null member keeps its initial value, an unknown one is
/// ignored, another type is refused, and so is a number above INT64_MAX.
enum class WhenEmpty : std::uint8_t { Omit, Null };

template <class Owner, class Member> struct JsonField {
    const char* key; ///< null: the member's own members are members of the owner's object
    Member Owner::*member;
    WhenEmpty whenEmpty;
};

/// @param whenEmpty  of a std::optional without a value
template <class Owner, class Member>
constexpr JsonField<Owner, Member> field(const char* key, Member Owner::*member,
                                         WhenEmpty whenEmpty = WhenEmpty::Omit)
{
    return {key, member, whenEmpty};
}

/// The members of @p member, a struct, become members of the owner's object.
template <class Owner, class Member> constexpr JsonField<Owner, Member> inlined(Member Owner::*member)
{
    return {nullptr, member, WhenEmpty::Omit};
}

template <class T>
concept HasJsonFields = requires
{
    T::fields();
};

namespace detail {

template <class T> struct IsOptional : std::false_type {};
template <class T> struct IsOptional<std::optional<T>> : std::true_type {};
template <class T> struct IsVector : std::false_type {};
template <class T> struct IsVector<std::vector<T>> : std::true_type {};

[[noreturn]] void refuseType(const std::string& path, std::string_view expected, const nlohmann::json& found);
nlohmann::json parsedText(const model::JsonText& text);
void readValue(const nlohmann::json& value, const std::string& path, std::string& out);
void readValue(const nlohmann::json& value, const std::string& path, bool& out);
void readValue(const nlohmann::json& value, const std::string& path, std::uint64_t& out);
void readValue(const nlohmann::json& value, const std::string& path, double& out);
void readValue(const nlohmann::json& value, const std::string& path, model::JsonText& out);
template <HasJsonFields T> void readValue(const nlohmann::json& value, const std::string& path, T& out);
template <class T> void readValue(const nlohmann::json& value, const std::string& path, std::vector<T>& out);
template <class T>
void readValue(const nlohmann::json& value, const std::string& path, std::optional<T>& out);

template <class T> void readValue(const nlohmann::json& value, const std::string& path, std::optional<T>& out)
{
    readValue(value, path, out.emplace());
}

template <class T> void readValue(const nlohmann::json& value, const std::string& path, std::vector<T>& out)
{
    if (!value.is_array())
        refuseType(path, "a list", value);
    out.clear();
    for (const nlohmann::json& element : value)
        readValue(element, path + "[" + std::to_string(out.size()) + "]", out.emplace_back());
}

template <class T, class Owner, class Member>
void readMember(const nlohmann::json& object, const std::string& path, T& out,
                const JsonField<Owner, Member>& row)
{
    if (row.key == nullptr)
        return readValue(object, path, out.*row.member);
    const auto found = object.find(row.key);
    if (found != object.end() && !found->is_null())
        readValue(*found, path + "." + row.key, out.*row.member);
}

template <HasJsonFields T> void readValue(const nlohmann::json& value, const std::string& path, T& out)
{
    if (!value.is_object())
        refuseType(path, "an object", value);
    std::apply([&](const auto&... rows) { (readMember(value, path, out, rows), ...); }, T::fields());
}

template <class T> nlohmann::json writtenValue(const T& value);

template <class T, class Owner, class Member>
void writeMember(nlohmann::json& object, const T& value, const JsonField<Owner, Member>& row)
{
    const Member& member = value.*row.member;
    if constexpr (HasJsonFields<Member>) {
        if (row.key == nullptr)
            object.update(writtenValue(member));
        else
            object[row.key] = writtenValue(member);
    } else if constexpr (IsOptional<Member>::value) {
        if (member)
            object[row.key] = writtenValue(*member);
        else if (row.whenEmpty == WhenEmpty::Null)
            object[row.key] = nullptr;
    } else {
        object[row.key] = writtenValue(member);
    }
}

template <class T> nlohmann::json writtenValue(const T& value)
{
    if constexpr (std::same_as<T, model::JsonText>) {
        return parsedText(value);
    } else if constexpr (IsVector<T>::value) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& element : value)
            list.push_back(writtenValue(element));
        return list;
    } else if constexpr (HasJsonFields<T>) {
        nlohmann::json object = nlohmann::json::object();
        std::apply([&](const auto&... rows) { (writeMember(object, value, rows), ...); }, T::fields());
        return object;
    } else {
        return value;
    }
}

} // namespace detail

template <HasJsonFields T> nlohmann::json toJsonValue(const T& value)
{
    return detail::writtenValue(value);
}

template <HasJsonFields T> model::JsonText toJson(const T& value)
{
    return canonical(detail::writtenValue(value));
}

/// @param what  begins the path in errors: "write_image"
/// @throws Error InvalidInput with the path of the member that does not fit
template <HasJsonFields T> T fromJsonValue(const nlohmann::json& value, const std::string& what)
{
    T out;
    detail::readValue(value, what, out);
    return out;
}

template <HasJsonFields T> T fromJson(std::string_view text, const std::string& what)
{
    return fromJsonValue<T>(parseObject(text, what), what);
}

} // namespace bm::wire
