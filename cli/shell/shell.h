#pragma once
#include "cli/client/client.h"
#include "cli/client/node_names.h"
#include "cli/views/output.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bm::cli {

/// State that all commands share: the global options, the client (created at its first use) and the chosen
/// action.
struct Shell {
    std::string endpointOption;
    std::string contextOption;
    std::string formatOption = "table";
    std::vector<std::string> columnsOption;
    std::string sortOption;
    bool noHeader = false;
    std::function<int()> action; ///< set by the parsed command
    std::unique_ptr<Client> client_;

    Client& client();
    Format format() const;
    View view() const;
    /// Prints rows as -o, --columns, --sort and --no-header select. Every list command ends with it.
    void print(const nlohmann::json& rows, const std::vector<Column>& columns) const;
    /// Prints one object. Every show command ends with it.
    void print(const nlohmann::json& object) const;
    /// Expands the node names of the command line (cli/client/node_names.h).
    std::vector<std::string> nodes(const std::vector<std::string>& given);
    std::string node(const std::string& given);
};

/// Work of bmd that failed after bmd took the request: exit code 1, whatever its error's code is.
class FailedWork : public model::Error {
public:
    /// @param error  of an operation or an image, as bmd shows it: {"code", "message", "hint"}
    /// @param subject  begins the message where it is not empty: "rack1-07"
    explicit FailedWork(const nlohmann::json& error, const std::string& subject = {});
};

/// Stable exit codes: 0 success, 1 an operation failed, 2 wrong usage or input, 3 not found, 4 busy or in
/// conflict, 5 not allowed, 6 bmd not reachable.
int exitCodeOf(const std::exception& failure);

/// The path of a node: "/v1/nodes/<encoded ident>" + @p rest.
std::string nodePath(const std::string& ident, const std::string& rest = {});

} // namespace bm::cli
