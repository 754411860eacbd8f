#include "common/wire/json/json_patch.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr auto kOperations = std::to_array<std::string_view>({"add", "replace", "remove"});
constexpr std::string_view kForm =
    R"(a patch is a list of {"op": "add|replace|remove", "path": "/field", "value": ...})";

/// RFC 6901: ~1 is a slash, ~0 a tilde.
std::string unescaped(std::string_view part)
{
    std::string text;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escape =
            part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
        text += escape ? (part[i + 1] == '1' ? '/' : '~') : part[i];
        i += escape ? 1U : 0U;
    }
    return text;
}

std::vector<std::string> keysOf(const std::string& path)
{
    if (path.size() < 2 || path.front() != '/' || path.back() == '/')
        throw notMatching("Schema error for patch", path, R"(^(/[\w-]+)+$)", std::string(kForm));
    std::vector<std::string> keys;
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        keys.push_back(unescaped(std::string_view(path).substr(at, end - at)));
        at = end + 1;
    }
    return keys;
}

[[noreturn]] void refuse(const PatchStep& step, const std::string& reason, const std::string& hint = {})
{
    throw Error(ErrorCode::InvalidInput,
                fmt::format("Couldn't apply patch '{{'op': '{}', 'path': '{}'}}'. Reason: {}",
                            kOperations.at(static_cast<std::size_t>(step.op)), step.path, reason),
                hint);
}

PatchStep stepOf(const json& entry, std::size_t index)
{
    const std::string where = fmt::format("Schema error for patch: patch[{}]", index);
    if (!entry.is_object())
        throw notOfType(where, entry, "'object'", std::string(kForm));
    for (const char* needed : {"op", "path"})
        if (!entry.contains(needed))
            throw missingProperty(where, needed, std::string(kForm));
    refuseUnknown(entry, {"op", "path", "value"}, where);
    const std::string op = asString(entry.at("op"), where + ".op");
    PatchStep step;
    if (op == "add")
        step.op = PatchStep::Op::Add;
    else if (op == "replace")
        step.op = PatchStep::Op::Replace;
    else if (op == "remove")
        step.op = PatchStep::Op::Remove;
    else
        throw notOneOf(where + ".op", op, kOperations, std::string(kForm));
    step.path = asString(entry.at("path"), where + ".path");
    step.keys = keysOf(step.path);
    if (step.op != PatchStep::Op::Remove && !entry.contains("value"))
        refuse(step, "The operation does not contain a 'value' member", std::string(kForm));
    return step;
}

std::size_t indexOf(const PatchStep& step, const std::string& key, std::size_t limit)
{
    const std::optional<std::size_t> index = text::parseNumber<std::size_t>(key);
    if (!index || *index >= limit)
        refuse(step, fmt::format("'{}' is not an index of the list", key));
    return *index;
}

void applyToList(const PatchStep& step, const json& value, json& list)
{
    const std::string& key = step.keys.back();
    if (step.op == PatchStep::Op::Add) {
        const std::size_t index = key == "-" ? list.size() : indexOf(step, key, list.size() + 1);
        list.insert(list.begin() + static_cast<json::difference_type>(index), value);
        return;
    }
    const std::size_t index = indexOf(step, key, list.size());
    if (step.op == PatchStep::Op::Replace)
        list[index] = value;
    else
        list.erase(index);
}

void applyToObject(const PatchStep& step, const json& value, json& object)
{
    const std::string& key = step.keys.back();
    const bool root = step.keys.size() == 1;
    if (root && !object.contains(key))
        refuse(step, fmt::format("Adding a new attribute ({}) to the root of the resource is not allowed",
                                 step.path));
    if (step.op != PatchStep::Op::Add && !object.contains(key))
        refuse(step, fmt::format("can't {} a non-existent object '{}'",
                                 step.op == PatchStep::Op::Remove ? "remove" : "replace", key));
    if (step.op != PatchStep::Op::Remove)
        object[key] = value;
    else if (root)
        object[key] = nullptr;
    else
        object.erase(key);
}

void apply(const PatchStep& step, const json& value, json& document)
{
    json* at = &document;
    for (std::size_t i = 0; i + 1 < step.keys.size(); ++i) {
        const std::string& key = step.keys[i];
        if (at->is_array())
            at = &(*at)[indexOf(step, key, at->size())];
        else if (at->is_object() && at->contains(key))
            at = &(*at)[key];
        else
            refuse(step, fmt::format("member '{}' not found", key));
        if (at->is_null() && i == 0)
            *at = json::object();
    }
    if (at->is_array())
        applyToList(step, value, *at);
    else if (at->is_object())
        applyToObject(step, value, *at);
    else
        refuse(step, fmt::format("'{}' lies within {}", step.keys.back(), kindOf(*at)));
}

} // namespace

JsonPatch::JsonPatch() = default;
JsonPatch::JsonPatch(JsonPatch&&) noexcept = default;
JsonPatch& JsonPatch::operator=(JsonPatch&&) noexcept = default;
JsonPatch::~JsonPatch() = default;

JsonPatch JsonPatch::parse(const json& body)
{
    if (!body.is_array())
        throw notOfType("Schema error for patch", body, "'array'", std::string(kForm));
    JsonPatch patch;
    for (std::size_t i = 0; i < body.size(); ++i) {
        patch.steps_.push_back(stepOf(body[i], i));
        patch.values_.push_back(body[i].value("value", json()));
    }
    return patch;
}

json JsonPatch::applied(const json& document) const
{
    json changed = document;
    for (std::size_t i = 0; i < steps_.size(); ++i)
        apply(steps_[i], values_[i], changed);
    return changed;
}

} // namespace bm::wire
