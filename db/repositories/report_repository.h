#pragma once
#include "common/model/node_report.h"
#include "db/engine/database.h"

#include <optional>
#include <string_view>

namespace bm::db {

/// Signed reports of nodes. Reports are never changed; they are deleted with their node.
class ReportRepository {
public:
    void append(Transaction& tx, const model::NodeReport& report) const;
    /// The newest report of @p kind ("deploy", "verify").
    std::optional<model::NodeReport> latest(Transaction& tx, const model::NodeId& node,
                                            std::string_view kind) const;
};

} // namespace bm::db
