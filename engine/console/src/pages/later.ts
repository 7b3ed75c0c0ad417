/** Pages in files of their own. */
export const law = () => import("./law.tsx").then((found) => found.LawPage);
