// Publishes one article the way any Node program would: node publish.js REDIS_URL JSON
import { createClient } from 'redis';

const [url, article] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();
console.log(await client.xAdd('articles.raw', '*', { data: article }));
await client.close();
