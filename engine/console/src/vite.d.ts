/** What Vite makes of an import that ends with `?url`. */
declare module "*?url" {
  const address: string;
  export default address;
}
declare module "*.css";
