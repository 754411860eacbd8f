#pragma once
#include "common/wire/json/json_writer.h"

#include <string_view>

namespace bm::wire {

/// The list that Ironic calls links: self, and bookmark without /v1. @p base "http://host:port", @p path
/// "nodes/<uuid>"
void writeLinks(JsonWriter& out, std::string_view base, std::string_view path);

} // namespace bm::wire
