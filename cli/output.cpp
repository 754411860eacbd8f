#include "cli/output.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using nlohmann::json;

namespace {

const json& at(const json& object, const std::string& path)
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

void emit(YAML::Emitter& out, const json& value)
{
    if (value.is_object()) {
        out << YAML::BeginMap;
        for (const auto& [key, member] : value.items()) {
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

/// Characters, not bytes: UTF-8 continuation bytes do not count.
std::size_t width(const std::string& text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t to)
{
    return text + std::string(to - std::min(to, width(text)), ' ');
}

} // namespace

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

std::string renderList(const json& rows, const std::vector<Column>& columns, Format format)
{
    if (format == Format::Json)
        return rows.dump(2) + "\n";
    if (format == Format::Yaml)
        return toYaml(rows);
    std::vector<std::size_t> widths;
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : columns) {
        widths.push_back(width(column.title));
        lines.front().push_back(column.title);
    }
    for (const json& row : rows) {
        std::vector<std::string>& line = lines.emplace_back();
        for (std::size_t i = 0; i < columns.size(); ++i) {
            line.push_back(plainText(at(row, columns[i].path)));
            widths[i] = std::max(widths[i], width(line.back()));
        }
    }
    std::string text;
    for (const std::vector<std::string>& line : lines) {
        std::string out;
        for (std::size_t i = 0; i < line.size(); ++i)
            out += i + 1 == line.size() ? line[i] : padded(line[i], widths[i] + 2);
        text += out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
}

std::string renderObject(const json& object, Format format)
{
    if (format == Format::Json)
        return object.dump(2) + "\n";
    if (format == Format::Yaml)
        return toYaml(object);
    std::size_t longest = 0;
    for (const auto& [key, value] : object.items())
        longest = std::max(longest, key.size());
    std::string text;
    for (const auto& [key, value] : object.items())
        text += padded(key, longest + 2) + plainText(value) + "\n";
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
