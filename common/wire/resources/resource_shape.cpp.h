// The code of ResourceShape. A file with a table includes and instantiates it.
#pragma once
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_patch.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/resources/resource_shape.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

/// Python's idea of an empty value: null, "", {}, [], 0, false.
inline bool isEmptyValue(const nlohmann::json& value)
{
    return value.empty() || value == "" || value == 0 || value == false;
}

template <class T> const ResourceField<T>* ResourceShape<T>::find(std::string_view name) const
{
    const auto found = std::ranges::find(rows_, name, &Field::name);
    return found == rows_.end() ? nullptr : &*found;
}

template <class T> void ResourceShape<T>::checkVersion(const Field& field, Version version) const
{
    if (field.since > version.minor)
        throw model::Error(model::ErrorCode::NotAcceptable, "Request not acceptable.",
                           fmt::format("{} needs version 1.{}, the request is {}", field.name, field.since,
                                       toText(version)));
}

template <class T> bool ResourceShape<T>::isShown(const Field& field, Version version)
{
    return field.render != nullptr &&
           (field.shownSince == 0 ? field.since : field.shownSince) <= version.minor;
}

template <class T> std::string ResourceShape<T>::namesOf(bool create) const
{
    std::vector<std::string_view> names;
    for (const Field& field : rows_)
        if (create ? field.create : field.patch)
            names.push_back(field.name);
    std::ranges::sort(names);
    return fmt::format("{}", fmt::join(names, ", "));
}

template <class T> const ResourceField<T>& ResourceShape<T>::creatable(std::string_view name) const
{
    const Field* field = find(name);
    if (field == nullptr || !field->create)
        throw unexpectedProperty(fmt::format("Schema error for {}", words_.one), name,
                                 "known are: " + namesOf(true));
    return *field;
}

template <class T> nlohmann::json ResourceShape<T>::documentOf(const T& item) const
{
    JsonWriter out;
    out.beginObject();
    for (const Field& field : rows_)
        if ((field.create || field.patch) && field.render != nullptr)
            field.render(out.key(field.name), item, "");
    out.endObject();
    return nlohmann::json::parse(out.text());
}

template <class T> typename ResourceShape<T>::Fields ResourceShape<T>::detail(Version version) const
{
    Fields fields;
    for (const Field& field : rows_)
        if (isShown(field, version))
            fields.push_back(&field);
    return fields;
}

template <class T> typename ResourceShape<T>::Fields ResourceShape<T>::summary(Version version) const
{
    Fields fields;
    for (const std::string_view name : words_.summary)
        if (const Field* field = find(name); field->since <= version.minor)
            fields.push_back(field);
    return fields;
}

template <class T>
typename ResourceShape<T>::Fields ResourceShape<T>::selection(std::string_view commaSeparated,
                                                              Version version) const
{
    Fields fields;
    for (std::size_t at = 0; at < commaSeparated.size();) {
        const std::size_t end = std::min(commaSeparated.find(',', at), commaSeparated.size());
        const std::string_view name = commaSeparated.substr(at, end - at);
        const Field* field = find(name);
        if (field == nullptr || field->render == nullptr)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("Field(s) \"{}\" are not valid.", name),
                               "without fields=, the answer to GET of one object shows every field");
        checkVersion(*field, version);
        if (field->name != "links" && std::ranges::find(fields, field) == fields.end())
            fields.push_back(field);
        at = end + 1;
    }
    fields.push_back(find("links"));
    return fields;
}

template <class T>
void ResourceShape<T>::write(JsonWriter& out, const T& item, std::string_view base,
                             const Fields& fields) const
{
    out.beginObject();
    for (const Field* field : fields)
        field->render(out.key(field->name), item, base);
    out.endObject();
}

template <class T>
T ResourceShape<T>::fromCreate(const nlohmann::json& body, Version version, T item,
                               std::string_view lenient) const
{
    const std::string where = fmt::format("Schema error for {}", words_.one);
    if (!body.is_object())
        throw notOfType(where, body, "'object'");
    for (const std::string_view needed : words_.required)
        if (needed != lenient && !body.contains(std::string(needed)))
            throw missingProperty(where, needed);
    for (const auto& [name, value] : body.items())
        if (const Field& field = creatable(name); name != "uuid" || !value.is_null()) {
            if (field.shownSince == 0 || !isEmptyValue(value))
                checkVersion(field, version);
            field.assign(item, value, field.name);
        }
    return item;
}

template <class T> void ResourceShape<T>::checkPaths(const JsonPatch& patch, Version version) const
{
    for (const PatchStep& step : patch.steps()) {
        const Field* field = find(step.keys.front());
        if (field == nullptr || !field->patch)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("Cannot patch {}. Only the following can be updated: {}",
                                           step.path, namesOf(false)));
        if (field->shownSince == 0 || &step == &patch.steps().front())
            checkVersion(*field, version);
    }
}

/// Refuses a patch that removes a field which POST requires.
template <class T>
void ResourceShape<T>::checkRemovals(const JsonPatch& patch, const nlohmann::json& after) const
{
    for (const PatchStep& step : patch.steps())
        if (const std::string& name = step.keys.front();
            step.op == PatchStep::Op::Remove && step.keys.size() == 1 && after.at(name).is_null() &&
            std::ranges::find(words_.required, name) != words_.required.end())
            throw missingProperty("Schema error for patch", name);
}

template <class T> void ResourceShape<T>::checkPatch(const nlohmann::json& body, Version version) const
{
    checkPaths(JsonPatch::parse(body), version);
}

template <class T> void ResourceShape<T>::patch(T& item, const nlohmann::json& body, Version version) const
{
    const JsonPatch patch = JsonPatch::parse(body);
    checkPaths(patch, version);
    const nlohmann::json before = documentOf(item);
    const nlohmann::json after = patch.applied(before);
    checkRemovals(patch, after);
    T changed = item;
    for (const Field& field : rows_)
        if (const std::string name(field.name); field.patch && after.at(name) != before.at(name))
            field.assign(changed, after.at(name), field.name);
    item = changed;
}

template <class T>
std::vector<std::string> ResourceShape<T>::merge(T& item, const nlohmann::json& wanted) const
{
    const nlohmann::json before = documentOf(item);
    for (const auto& [name, value] : wanted.items())
        if (const Field& field = creatable(name); field.patch)
            field.assign(item, value, field.name);
    const nlohmann::json after = documentOf(item);
    std::vector<std::string> changed;
    for (const auto& [name, value] : wanted.items())
        if (before.at(name) != after.at(name))
            changed.push_back(name);
    return changed;
}

} // namespace bm::wire
