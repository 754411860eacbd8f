#include "common/wire/resources/resource_links.h"

#include <string>

namespace bm::wire {
namespace {

void writeLink(JsonWriter& out, const std::string& href, std::string_view rel)
{
    out.beginObject().key("href").string(href).key("rel").string(rel).endObject();
}

} // namespace

void writeLinks(JsonWriter& out, std::string_view base, std::string_view path)
{
    const std::string root(base);
    out.beginArray();
    writeLink(out, root + "/v1/" + std::string(path), "self");
    writeLink(out, root + "/" + std::string(path), "bookmark");
    out.endArray();
}

} // namespace bm::wire
