#include "cli/views/output.h"

#include "common/text/printable.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sstream>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using nlohmann::json;

namespace {

void emit(YAML::Emitter& out, const json& value)
{
    if (value.is_object()) {
        out << YAML::BeginMap;
        for (const auto& [key, member] : value.items()) {
            if (text::printable(key) != key)
                out << YAML::DoubleQuoted;
            out << YAML::Key << key << YAML::Value;
            emit(out, member);
        }
        out << YAML::EndMap;
    } else if (value.is_array()) {
        out << YAML::BeginSeq;
        for (const json& member : value)
            emit(out, member);
        out << YAML::EndSeq;
    } else if (value.is_null()) {
        out << YAML::Null;
    } else if (value.is_boolean()) {
        out << value.get<bool>();
    } else if (value.is_string()) {
        out << YAML::DoubleQuoted << value.get<std::string>();
    } else {
        out << value.dump();
    }
}

std::string nameOf(const json& object)
{
    for (const char* member : {"name", "node", "uuid", "id"})
        if (const json& value = valueAt(object, member); value.is_string() && value != "")
            return value.get<std::string>();
    return object.is_object() && object.contains("id") ? plainText(object.at("id")) : "-";
}

json picked(const json& object, const std::vector<std::string>& paths)
{
    json some = json::object();
    for (const std::string& path : paths)
        some[path] = valueAt(object, path);
    return some;
}

/// The other bytes of a UTF-8 sequence are 10xxxxxx.
bool beginsCharacter(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

} // namespace

const json& valueAt(const json& object, const std::string& path)
{
    static const json kNull;
    const json* value = &object;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string key = path.substr(begin, end - begin);
        if (!value->is_object() || !value->contains(key))
            return kNull;
        value = &value->at(key);
        begin = end + 1;
    }
    return *value;
}

std::size_t textWidth(const std::string& text)
{
    return static_cast<std::size_t>(std::ranges::count_if(text, beginsCharacter));
}

std::string paddedTo(const std::string& text, std::size_t width)
{
    return text + std::string(width - std::min(width, textWidth(text)), ' ');
}

std::string cutTo(const std::string& text, std::size_t width)
{
    std::size_t seen = 0;
    const auto end =
        std::ranges::find_if(text, [&](char c) { return beginsCharacter(c) && seen++ == width; });
    return {text.begin(), end};
}

std::string plainText(const json& value)
{
    if (value.is_null())
        return "-";
    if (value.is_string())
        return value.get<std::string>().empty() ? "-" : value.get<std::string>();
    return value.dump();
}

std::string toYaml(const json& value)
{
    YAML::Emitter out;
    emit(out, value);
    return std::string(out.c_str()) + "\n";
}

std::string renderList(const json& rows, const std::vector<Column>& columns, const View& view)
{
    std::ostringstream text;
    ListPrinter printer(text, columns, view);
    printer.add(rows);
    printer.finish();
    return text.str();
}

std::string renderObject(const json& object, const View& view)
{
    const json shown = view.columns.empty() ? object : picked(object, view.columns);
    if (view.format == Format::Json)
        return shown.dump(2) + "\n";
    if (view.format == Format::Yaml)
        return toYaml(shown);
    if (view.format == Format::Name)
        return nameOf(object) + "\n";
    std::size_t longest = 0;
    for (const auto& [key, value] : shown.items())
        longest = std::max(longest, textWidth(key));
    std::string text;
    for (const auto& [key, value] : shown.items())
        text += (view.header ? paddedTo(key, longest + 2) : "") + text::printable(plainText(value)) + "\n";
    return text;
}

std::string humanBytes(double bytes)
{
    static constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits.at(unit));
}

std::string humanDuration(std::int64_t seconds)
{
    if (seconds >= 3600)
        return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

} // namespace bm::cli
