#include "db/repositories/resources/step_list_repositories.h"

namespace bm::db {

using model::DeployTemplate;
using model::Runbook;

const ResourceRepository<DeployTemplate>& deployTemplateRepository()
{
    static const Table<DeployTemplate> table("deploy_templates",
                                             {
                                                 column<&DeployTemplate::id>("uuid"),
                                                 column<&DeployTemplate::name>("name"),
                                                 column<&DeployTemplate::steps>("steps"),
                                                 column<&DeployTemplate::extra>("extra"),
                                                 column<&DeployTemplate::createdAt>("created_at"),
                                                 column<&DeployTemplate::updatedAt>("updated_at"),
                                             });
    static const ResourceRepository<DeployTemplate> repository(table, "deploy template");
    return repository;
}

const ResourceRepository<Runbook>& runbookRepository()
{
    static const Table<Runbook> table("runbooks", {
                                                      column<&Runbook::id>("uuid"),
                                                      column<&Runbook::name>("name"),
                                                      column<&Runbook::description>("description"),
                                                      column<&Runbook::steps>("steps"),
                                                      column<&Runbook::traits>("traits"),
                                                      column<&Runbook::extra>("extra"),
                                                      column<&Runbook::owner>("owner"),
                                                      column<&Runbook::isPublic>("public"),
                                                      column<&Runbook::disableRamdisk>("disable_ramdisk"),
                                                      column<&Runbook::createdAt>("created_at"),
                                                      column<&Runbook::updatedAt>("updated_at"),
                                                  });
    static const ResourceRepository<Runbook> repository(table, "runbook", "owner = {0} or public <> 0");
    return repository;
}

} // namespace bm::db
