// Layouts in YAML or JSON. Only this file reads YAML: the agent gets JSON and does not link the YAML library.
#include "common/layout/disk_layout.h"
#include "common/model/error.h"
#include "common/text/yaml_document.h"
#include "common/wire/json/json_input.h"

#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace bm::layout {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestText = std::size_t{256} * 1024;
constexpr int kDeepest = 8;
constexpr std::size_t kMostNodes = 10'000;

/// Turns YAML into JSON and remembers each member's line and column.
class Reader {
public:
    explicit Reader(const std::string& what) : what_(what) {}

    json read(const YAML::Node& node, const std::string& path, int depth = 0)
    {
        // Aliases may multiply (a "billion laughs" file), so the limit counts values after their expansion.
        if (depth > kDeepest || ++nodes_ > kMostNodes)
            throw at(node.Mark(), "nested too deeply, or too long");
        places_.emplace(path, node.Mark());
        if (node.IsMap())
            return readMap(node, path, depth);
        if (node.IsSequence()) {
            json list = json::array();
            for (const YAML::Node& element : node)
                list.push_back(read(element, fmt::format("{}[{}]", path, list.size()), depth + 1));
            return list;
        }
        return node.IsScalar() ? scalar(node) : json(nullptr);
    }

    Error at(const YAML::Mark& mark, const std::string& why, const std::string& hint = {}) const
    {
        return {ErrorCode::InvalidInput,
                fmt::format("{}:{}:{}: {}", what_, mark.line + 1, mark.column + 1, why), hint};
    }

    /// The refusal with the place of the member at its beginning, or of the nearest enclosing one.
    Error placed(const Error& error) const
    {
        const std::string message = error.message();
        std::string path = message.substr(0, message.find(": "));
        while (!path.empty() && !places_.contains(path)) {
            const std::size_t cut = path.find_last_of(".[");
            path.resize(cut == std::string::npos ? 0 : cut);
        }
        const auto found = places_.find(path);
        return found == places_.end() ? Error(error.code(), what_ + ": " + message, error.hint())
                                      : at(found->second, message, error.hint());
    }

private:
    json readMap(const YAML::Node& node, const std::string& path, int depth)
    {
        json object = json::object();
        for (const auto& member : node) {
            if (!member.first.IsScalar())
                throw at(member.first.Mark(), "a member's name is a text");
            const std::string key = member.first.Scalar();
            if (object.contains(key))
                throw at(member.first.Mark(), "\"" + key + "\" occurs twice");
            const std::string place = fmt::format("{}{}{}", path, path.empty() ? "" : ".", key);
            object[key] = read(member.second, place, depth + 1);
            places_[place] = member.first.Mark();
        }
        return object;
    }

    static json scalar(const YAML::Node& node)
    {
        const std::string& text = node.Scalar();
        const bool plain = node.Tag() == "?" || node.Tag().empty();
        if (plain && (text == "true" || text == "false"))
            return text == "true";
        if (plain && (text == "null" || text == "~"))
            return nullptr;
        const bool digits = !text.empty() && text.size() < 18 &&
                            text.find_first_not_of("0123456789") == std::string::npos &&
                            (text.size() == 1 || text.front() != '0'); // 0012 is a name, too
        return plain && digits ? json(std::stoull(text)) : json(text);
    }

    std::string what_;
    std::map<std::string, YAML::Mark> places_;
    std::size_t nodes_ = 0;
};

} // namespace

json layoutFromText(std::string_view text, const std::string& what)
{
    if (text.size() > kLongestText)
        throw Error(ErrorCode::InvalidInput, what + ": longer than 256 KiB");
    Reader reader(what);
    json layout;
    try {
        layout = reader.read(text::onlyDocument(YAML::LoadAll(std::string(text))), "");
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}:{}:{}: {}", what, error.mark.line + 1, error.mark.column + 1, error.msg));
    }
    try {
        layoutFromJson(layout);
    } catch (const Error& error) {
        throw reader.placed(error);
    }
    return layout;
}

} // namespace bm::layout
