/** Roles of the roster in the order in which they stand to choose from. */
export const ROLES = ["desk", "chief", "centre", "street", "principal", "supervisor", "backstop", "specialist", "residents", "red_property", "department", "checker"] as const;
