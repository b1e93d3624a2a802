"""Who may do what with each model of the admin; the letters are those of ``test_roles``."""

ADMIN = """
                                                        see   add   change delete
/admin/accounts/auditevent/                             m     -     -     -
/admin/accounts/backup/                                 m     -     -     -
/admin/accounts/devicetoken/                            m     m     -     -
/admin/accounts/farmsettings/                           m     -     m     -
/admin/accounts/floordevice/                            m     -     -     -
/admin/accounts/user/                                   m     m     m     -
/admin/inventory/extrafield/                            v     m     m     m
/admin/inventory/filament/                              v     o     o     m
/admin/inventory/hold/                                  v     o     -     -
/admin/inventory/inventorytransaction/                  v     -     -     -
/admin/inventory/recognisedrepeat/                      v     -     -     -
/admin/inventory/location/                              v     o     o     m
/admin/inventory/manufacturer/                          v     o     o     m
/admin/inventory/materialtype/                          v     o     o     m
/admin/inventory/spool/                                 v     -     o     -
/admin/inventory/spoolevent/                            v     -     -     -
/admin/inventory/stocktake/                             v     -     -     -
/admin/inventory/stocktakeline/                         v     -     -     -
/admin/jobs/job/                                        v     -     -     -
/admin/production/picture/                              v     -     -     m
/admin/production/printer/                              v     m     m     m
/admin/production/printerslot/                          v     o     o     m
/admin/production/printhost/                            m     m     m     m
/admin/production/product/                              v     o     o     m
/admin/production/productionrun/                        v     o     o     o
/admin/production/reason/                               v     m     m     m
/admin/production/slicedfile/                           v     o     -     o
/admin/production/slicercorrection/                     v     -     -     -
"""
OF_ADMIN = {  # the pages that each model has in the admin: what is done there by GET, by POST
    "": ("see", "see"),
    "add/": ("add", "add"),
    "{object_id}/": (None,),  # leads to the next
    "{object_id}/change/": ("see", "change"),
    "{object_id}/delete/": ("delete", "delete"),
    "{object_id}/history/": ("see",),
}
