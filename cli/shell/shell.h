#pragma once
#include "cli/client/client.h"
#include "cli/client/node_names.h"
#include "cli/views/output.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bm::cli {

/// What all commands share: global options, the client (made when first needed), the chosen action and its
/// exit code.
struct Shell {
    std::string endpointOption;
    std::string contextOption;
    std::string formatOption = "table";
    std::vector<std::string> columnsOption;
    std::string sortOption;
    bool noHeader = false;
    std::function<int()> action; ///< set by the command that was given
    std::unique_ptr<Client> client_;

    Client& client();
    Format format() const;
    View view() const;
    /// Prints rows as -o, --columns, --sort and --no-header ask; what every list command ends with.
    void print(const nlohmann::json& rows, const std::vector<Column>& columns) const;
    /// Prints one object; what every show command ends with.
    void print(const nlohmann::json& object) const;
    /// The nodes that an operator named, globs made names (cli/client/node_names.h).
    std::vector<std::string> nodes(const std::vector<std::string>& given);
    std::string node(const std::string& given);
};

/// Exit codes, stable: 0 done, 1 an operation failed, 2 wrong usage or input, 3 not found, 4 busy or in
/// conflict, 5 not allowed, 6 bmd not reachable.
int exitCodeOf(const std::exception& failure);

/// The path of a node: "/v1/nodes/<encoded ident>" + @p rest.
std::string nodePath(const std::string& ident, const std::string& rest = {});

} // namespace bm::cli
