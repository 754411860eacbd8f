#pragma once
#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/text/names.h"
#include "common/wire/json/idents.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/schema_words.h"

#include <cstddef>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace bm::wire {

// Functions for ResourceField::render and assign that several resources share.

/// Characters of a text, by Ironic's schemas and the columns of its database.
inline constexpr std::size_t kMostOfName = 255;
inline constexpr std::size_t kMostOfClass = 80;
inline constexpr std::size_t kMostOfNetwork = 64; ///< a physical network, or a type of volumes
inline constexpr std::size_t kMostOfSentences = 4096;

template <class T> void renderUuid(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.string(item.id.uuid);
}
template <class T> void renderNode(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.string(item.node.uuid);
}
template <class T> void renderCreatedAt(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.time(item.createdAt);
}
/// null until the first change.
template <class T> void renderUpdatedAt(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    if (item.updatedAt > item.createdAt)
        out.time(item.updatedAt);
    else
        out.null();
}
template <class T, auto Member> void renderText(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.string(item.*Member);
}
template <class T, auto Member>
void renderTextOrNull(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.stringOrNull(item.*Member);
}
template <class T, auto Member> void renderJson(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.json(item.*Member);
}
template <class T, auto Member> void renderFlag(JsonWriter& out, const T& item, std::string_view /*base*/)
{
    out.boolean(item.*Member);
}

template <class T> void assignUuid(T& item, const nlohmann::json& value, std::string_view field)
{
    item.id.uuid = asString(value, field);
    requireUuid(field, item.id.uuid);
}
/// The name or uuid of a node, which the caller resolves.
template <class T> void assignNode(T& item, const nlohmann::json& value, std::string_view field)
{
    item.node.uuid = asString(value, field);
    requireUuidOrName(field, item.node.uuid);
}
/// A text that is never null.
template <class T, auto Member, std::size_t Most = kMostOfName>
void assignString(T& item, const nlohmann::json& value, std::string_view field)
{
    item.*Member = asString(value, field);
    requireLength(field, item.*Member, Most);
}
template <class T, auto Member, std::size_t Most = kMostOfName>
void assignText(T& item, const nlohmann::json& value, std::string_view field)
{
    item.*Member = asStringOrNull(value, field);
    requireLength(field, item.*Member, Most);
}
/// A name that people type and programs get as an argument.
inline std::string asName(const nlohmann::json& value, std::string_view field)
{
    std::string name = asStringOrNull(value, field);
    requireLength(field, name, kMostOfName);
    if (text::isOption(name))
        throw model::Error(model::ErrorCode::InvalidInput,
                           fmt::format("{}: \"{}\" begins with -", field, name.substr(0, 80)),
                           "programs would read it as an option: begin with a letter or a digit");
    return name;
}
template <class T, auto Member> void assignName(T& item, const nlohmann::json& value, std::string_view field)
{
    item.*Member = asName(value, field);
}
template <class T, auto Member>
void assignObject(T& item, const nlohmann::json& value, std::string_view field)
{
    item.*Member = asObjectText(value, field);
}
template <class T, auto Member> void assignFlag(T& item, const nlohmann::json& value, std::string_view field)
{
    item.*Member = asBoolean(value, field);
}

} // namespace bm::wire
