#pragma once
#include <vector>
#include <yaml-cpp/yaml.h>

namespace bm::text {

/// The one document of a file that has one; null where all are empty.
/// @throws YAML::Exception with the place of a second document
inline YAML::Node onlyDocument(const std::vector<YAML::Node>& documents)
{
    YAML::Node only(YAML::NodeType::Null);
    for (const YAML::Node& document : documents) {
        if (document.IsNull())
            continue;
        if (!only.IsNull())
            throw YAML::Exception(document.Mark(), "a second YAML document; the file takes one");
        only.reset(document);
    }
    return only;
}

} // namespace bm::text
