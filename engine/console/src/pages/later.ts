/** Parts in files of their own. */
export const law = () => import("./law.tsx").then((found) => found.LawPage);
export const map = () => import("./map.tsx").then((found) => found.MapPage);
export const score = () => import("./score.tsx").then((found) => found.ScorePage);
export const smallMap = () => import("../map/small.tsx").then((found) => found.SmallMap);
