#include "common/http/paths.h"

#include "common/http/request.h"
#include "common/text/text.h"

#include <algorithm>
#include <span>

namespace bm::http {
namespace {

bool isParameter(std::string_view segment)
{
    return segment.starts_with('{') && segment.ends_with('}');
}
bool takesRest(std::string_view segment)
{
    return segment.ends_with("*}");
}
/// "name" of "{name}" and "{name*}".
std::string nameOf(const std::string& segment)
{
    return segment.substr(1, segment.size() - (takesRest(segment) ? 3 : 2));
}

std::string_view pathPartOf(std::string_view text)
{
    return text.substr(0, text.find('?'));
}
std::string argumentPartOf(std::string_view text)
{
    const std::size_t mark = text.find('?');
    return mark == std::string_view::npos ? "" : std::string(text.substr(mark + 1));
}

} // namespace

PathSegments segmentsOf(std::string_view path)
{
    PathSegments segments;
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        if (!segment.empty())
            segments.emplace_back(segment);
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return segments;
}

PathPattern::PathPattern(std::string_view text) : text_(text), segments_(segmentsOf(text)) {}

std::optional<PathParams> PathPattern::match(const PathSegments& path) const
{
    PathParams params;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        const std::string& segment = segments_[i];
        if (i >= path.size())
            return std::nullopt;
        if (takesRest(segment)) {
            params[nameOf(segment)] = text::joined(std::span(path).subspan(i), "/");
            return params;
        }
        if (isParameter(segment))
            params[nameOf(segment)] = path[i];
        else if (segment != path[i])
            return std::nullopt;
    }
    return segments_.size() == path.size() ? std::optional(params) : std::nullopt;
}

bool PathPattern::moreExact(const PathPattern& other) const
{
    const auto kind = [](const std::string& segment) {
        return takesRest(segment) ? 2 : isParameter(segment) ? 1 : 0;
    };
    return std::lexicographical_compare(segments_.begin(), segments_.end(), other.segments_.begin(),
                                        other.segments_.end(),
                                        [&](const auto& x, const auto& y) { return kind(x) < kind(y); });
}

std::string PathPattern::filled(const PathParams& params) const
{
    std::string path;
    for (const std::string& segment : segments_)
        path += "/" + (isParameter(segment) ? params.at(nameOf(segment)) : segment);
    return path;
}

PathAlias::PathAlias(std::string_view alias, std::string_view canonical)
    : alias_(pathPartOf(alias)), canonical_(pathPartOf(canonical)), taken_(argumentPartOf(alias)),
      given_(argumentPartOf(canonical))
{}

bool PathAlias::apply(Request& request, const PathSegments& path) const
{
    std::optional<PathParams> params = alias_.match(path);
    if (!params)
        return false;
    if (!taken_.empty()) {
        const std::optional<std::string> value = request.queryParam(taken_);
        if (!value || value->empty())
            return false;
        (*params)[taken_] = *value;
        std::erase_if(request.query, [&](const auto& argument) { return argument.first == taken_; });
    }
    request.path = canonical_.filled(*params);
    if (!given_.empty())
        request.query.emplace_back(given_, params->at(given_));
    return true;
}

} // namespace bm::http
