// What the names of figures mean: one line each, the same wherever a name is shown.
export const words = {
  spent: "The sum of all orders that were not cancelled, at the prices of their lines.",
  returned: "The sum of all returns: cancellations of earlier orders, whole or in part. Below zero.",
  net: "Spent to date less what was returned.",
  orders: "Orders placed, without returns. Each is one invoice.",
  lag: "How many events have arrived that these figures do not hold yet.",
} as const;
