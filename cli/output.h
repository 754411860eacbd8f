#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

enum class Format { Table, Json, Yaml };

/// Where a column's value comes from: a member of each row ("name"), or a path ("properties/rack").
struct Column {
    std::string title;
    std::string path;
};

/// Rows of objects as a table (columns as wide as needed), or whole as JSON or YAML.
std::string renderList(const nlohmann::json& rows, const std::vector<Column>& columns, Format format);
/// One object: "key  value" lines, nested values as compact JSON; or JSON or YAML.
std::string renderObject(const nlohmann::json& object, Format format);
std::string toYaml(const nlohmann::json& value);
/// A value as people read it: null is "-", texts without quotes.
std::string plainText(const nlohmann::json& value);
/// 1536 MiB as "1.5 GiB".
std::string humanBytes(double bytes);
/// 75 s as "1:15", 3700 s as "1:01:40".
std::string humanDuration(std::int64_t seconds);

} // namespace bm::cli
